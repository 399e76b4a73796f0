window.YTD.account.part0 = [
  {
    "account": {
      "email": "tea@example.com",
      "createdVia": "web",
      "username": "auroratea",
      "accountId": "61",
      "createdAt": "2018-03-01T08:00:00.000Z",
      "accountDisplayName": "Aurora Tea"
    }
  }
]