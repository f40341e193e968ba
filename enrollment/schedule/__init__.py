"""When treatments are given and visits fall due."""
