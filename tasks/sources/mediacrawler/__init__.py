"""Files of NanmiCoder's program MediaCrawler, which reads seven networks."""
