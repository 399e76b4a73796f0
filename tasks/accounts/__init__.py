"""Account detection: phantom score, shared identity. Frames in, frames out."""
