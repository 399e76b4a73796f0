"""The five steps of the workflow and the code that they stand on."""
