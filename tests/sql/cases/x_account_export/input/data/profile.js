window.YTD.profile.part0 = [
  {
    "profile": {
      "description": {
        "bio": "tea",
        "website": "https://tea.example",
        "location": "Hangzhou"
      },
      "avatarMediaUrl": "https://pbs.twimg.com/a.jpg"
    }
  }
]