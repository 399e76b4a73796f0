window.YTD.note_tweet.part0 = [
  {
    "noteTweet": {
      "noteTweetId": "5",
      "noteTweetResults": {
        "text": "A long story, whole, of the first flush"
      },
      "tweetId": "910"
    }
  }
]