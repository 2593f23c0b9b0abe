"""The pure half of the package, without I/O: feeds and keys, frames, decimals and books, the user's JSON form."""
