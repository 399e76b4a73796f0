window.YTD.like.part0 = [
  {
    "like": {
      "tweetId": "801",
      "fullText": "other tea",
      "expandedUrl": "https://twitter.com/i/web/status/801"
    }
  }
]