#!/bin/sh
# Looks at all that lies around.
for file in docs/* shared/* gamma/tests/*; do
    echo "$file"
    [ ! -x "$file" ] || echo program
    [ ! -f "$file" ] || cat "$file"
    case $file in docs/*) [ ! -h "$file" ] || echo link ;; esac
done
