"""The search for the values of a recipe: which keys, which trials, what came of it."""
