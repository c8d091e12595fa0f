"""The app and the HTTP API: the server itself looks at no photo, an `Engine` does."""
