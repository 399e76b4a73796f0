window.YTD.tweets.part1 = [
  {
    "tweet": {
      "created_at": "Wed Mar 04 12:00:00 +0000 2026",
      "id": "911",
      "id_str": "911",
      "full_text": "third",
      "truncated": false,
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "in_reply_to_status_id": null,
      "in_reply_to_status_id_str": null,
      "in_reply_to_user_id_str": null,
      "in_reply_to_screen_name": null,
      "geo": null,
      "is_quote_status": false,
      "retweet_count": "0",
      "favorite_count": "0",
      "favorited": false,
      "lang": "en"
    }
  }
]