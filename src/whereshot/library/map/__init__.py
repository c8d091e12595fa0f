"""A library on a map: one HTML file that needs no network and no other file."""
