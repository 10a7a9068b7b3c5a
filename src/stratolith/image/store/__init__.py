"""The file store: where image data lies, how it comes in, how it goes out.

<store_dir>/<image id>                    the data of an image
<store_dir>/staging/<image id>.<token>    data that is still coming in, or staged for import
"""
