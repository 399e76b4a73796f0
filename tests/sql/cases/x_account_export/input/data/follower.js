window.YTD.follower.part0 = [
  {
    "follower": {
      "accountId": "71",
      "userLink": "https://twitter.com/intent/user?user_id=71"
    }
  }
]