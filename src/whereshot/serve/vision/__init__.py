"""Google Cloud Vision's LANDMARK_DETECTION, answered here: its requests, its answers, its errors.

`body` reads a request while it comes in, `base64_stream` decodes the photos in it, `requests` says
what is asked of each, `annotations` and `status` word the answers, `errors` those to wrong
requests.
"""
