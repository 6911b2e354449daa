"""`python -m catalog.demo.gateway`."""

from catalog.demo.gateway.app import main

main()
