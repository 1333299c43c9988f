"""Tell students' files apart, one layout a file."""
