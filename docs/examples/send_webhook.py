"""Send a signed delivery, as a video server does: python3 send_webhook.py URL TYPE VIDEO_ID.

The secret is read from CATALOG_WEBHOOK_SECRET. The id of the delivery is made from the job's, so sending one twice is
a redelivery.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request

url, event, video_id = sys.argv[1:]
body = json.dumps({"type": event, "created_at": int(time.time()), "data": {"id": video_id}}).encode()
delivery, sent_at = f"msg_{video_id[-12:]}", str(int(time.time()))

key = base64.b64decode(os.environ["CATALOG_WEBHOOK_SECRET"].removeprefix("whsec_"))
digest = hmac.new(key, f"{delivery}.{sent_at}.".encode() + body, hashlib.sha256).digest()
headers = {
    "Content-Type": "application/json",
    "webhook-id": delivery,
    "webhook-timestamp": sent_at,
    "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
}

request = urllib.request.Request(url, body, headers)
for _ in range(100):  # the receiver may still be starting
    try:
        with urllib.request.urlopen(request) as answer:
            print(answer.status, answer.read().decode())
        break
    except ConnectionError:
        time.sleep(0.2)
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ConnectionError):
            raise
        time.sleep(0.2)
