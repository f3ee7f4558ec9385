"""What requests and answers look like: marshmallow schemas, also the source of the OpenAPI page."""
