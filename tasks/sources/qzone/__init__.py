"""Archives of Qzone and Pengyou."""
