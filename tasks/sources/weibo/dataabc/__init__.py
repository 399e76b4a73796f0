"""Files of dataabc's program weibo-crawler."""
