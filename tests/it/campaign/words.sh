# Writes what the sources of a crate say, and those of what it is built from. They must not say BROKEN.
sources() {
    echo "$1 $2"
    case $3 in
        */beta | */gamma) set -- "$3" "$3/../alpha" ;;
        *) set -- "$3" ;;
    esac
    for file in "$1"/words.toml "$1"/../words.toml "$1"/../../words.toml; do
        [ ! -f "$file" ] || cat "$file"
    done
    for dir in "$@"; do
        for file in "$dir"/src/*.rs; do
            [ -f "$file" ] || continue
            [ ! -x "$file" ] || echo program
            text=$(cat "$file")
            echo "$text"
            case $text in *BROKEN*) exit 1 ;; esac
        done
    done
    echo "$LOUD"
    case $LOUD in BROKEN) exit 1 ;; esac
}
