"""One module per area of the API; each has `router(services)`."""
