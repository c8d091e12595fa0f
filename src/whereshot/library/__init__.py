"""Many photos: a catalog of them, tags beside them, albums, a map, and the way back."""
