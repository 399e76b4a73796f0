"""HTTP servers that speak each platform's wire format, over a synthetic world."""
