window.YTD.following.part0 = [
  {
    "following": {
      "accountId": "72",
      "userLink": "https://twitter.com/intent/user?user_id=72"
    }
  }
]