"""ClassLink: the districts that share with an app, and their rosters."""

from edlink.classlink.client import PROXY, ClassLinkPartner, District

__all__ = ["PROXY", "ClassLinkPartner", "District"]
