window.YTD.tweets.part0 = [
  {
    "tweet": {
      "created_at": "Wed Mar 04 10:00:00 +0000 2026",
      "id": "900",
      "id_str": "900",
      "full_text": "First flush is in #firstflush",
      "truncated": false,
      "entities": {
        "hashtags": [
          {
            "text": "firstflush"
          }
        ],
        "urls": [],
        "user_mentions": [],
        "symbols": []
      },
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "in_reply_to_status_id": null,
      "in_reply_to_status_id_str": null,
      "in_reply_to_user_id_str": null,
      "in_reply_to_screen_name": null,
      "geo": null,
      "is_quote_status": false,
      "retweet_count": "3",
      "favorite_count": "8",
      "favorited": false,
      "lang": "en"
    }
  },
  {
    "tweet": {
      "created_at": "Wed Mar 04 10:08:00 +0000 2026",
      "id": "905",
      "id_str": "905",
      "full_text": "@dan soon",
      "truncated": false,
      "entities": {
        "hashtags": [],
        "symbols": [],
        "user_mentions": [],
        "urls": []
      },
      "source": "<a href=\"https://mobile.twitter.com\" rel=\"nofollow\">Twitter Web App</a>",
      "in_reply_to_status_id": null,
      "in_reply_to_status_id_str": "800",
      "in_reply_to_user_id_str": "65",
      "in_reply_to_screen_name": null,
      "geo": null,
      "is_quote_status": false,
      "retweet_count": "0",
      "favorite_count": "0",
      "favorited": false,
      "lang": "en"
    }
  },
  {
    "tweet": {
      "created_at": "Wed Mar 04 10:09:00 +0000 2026",
      "id": "906",
      "id_str": "906",
      "full_text": "RT @dan: tea",
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
  },
  {
    "tweet": {
      "created_at": "Wed Mar 04 11:00:00 +0000 2026",
      "id": "910",
      "id_str": "910",
      "full_text": "A long story",
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
  },
  {
    "odd": 1
  }
]