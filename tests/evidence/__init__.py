"""The shipped Evidence project: what its pages ask, and a build of its own."""
