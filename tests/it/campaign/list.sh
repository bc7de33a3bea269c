# Writes what the files say that it is given. They must not say BROKEN.
for file; do
    echo "$file"
    [ ! -x "$file" ] || echo program
    [ -f "$file" ] || continue
    text=$(cat "$file")
    echo "$text"
    case $text in *BROKEN*) exit 1 ;; esac
done
