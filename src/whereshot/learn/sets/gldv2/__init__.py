"""Google Landmarks v2: chosen landmarks of its 203,094, streamed out of its 500 shards."""
