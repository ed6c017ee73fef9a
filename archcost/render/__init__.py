"""What each command shows, in no form yet; `archcost.page` has the forms. It sees nothing but results."""
