import hashlib, hmac, os

def handler(event):
    name = event["params"]["name"]
    print("signing for", name)
    signature = hmac.new(os.environ["SIGNING_KEY"].encode(), name.encode(), hashlib.sha256)
    return {"message": f"Hello, {name}!", "signature": signature.hexdigest()[:16]}
