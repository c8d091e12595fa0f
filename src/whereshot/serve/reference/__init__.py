"""What OpenAPI says of the server: `parts` to build it from, and what is described by hand."""
