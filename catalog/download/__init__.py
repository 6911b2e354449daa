"""The journey of the bytes: what servers still have of the videos in the library, into the media folder.

Jobs are taken by deadline, a few at a time. Of each, the answer's own addresses are asked first, then the dialect's
content path; where the address that the library knows has lost its signature, or is refused, the job is retrieved, and
what the answer names is used from memory. A file is whole, examined and on the disk before its row is written. Only
where the server itself says that it has nothing more is a file called lost.
"""
