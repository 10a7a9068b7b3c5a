"""The file store: paths, receiving and sending of image data.

<store_dir>/<image id>                    the data of an image
<store_dir>/staging/<image id>.<token>    data being received, or staged for import
"""
