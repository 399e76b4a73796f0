"""RenRen's archives."""
