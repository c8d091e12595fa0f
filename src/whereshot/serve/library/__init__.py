"""A photo library behind the app: what is known of it, its pictures, and the long work on it."""
