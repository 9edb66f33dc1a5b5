"""placeholder"""


def check_access(client):
    return ()
