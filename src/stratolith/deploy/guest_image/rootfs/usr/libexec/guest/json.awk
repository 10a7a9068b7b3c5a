# Flatten a JSON text: one line "path<TAB>value" per string, number or word, with the path's parts
# joined by "/". Inside values a line feed becomes "\n" and a backslash "\\".
function skip() { while (substr(text, at, 1) ~ /[ \t\r\n]/) at++ }

function string(    out, c, h) {
    at++
    while (at <= size && (c = substr(text, at, 1)) != "\"") {
        if (c == "\\") {
            at++; c = substr(text, at, 1)
            if (c == "n") out = out "\\n"
            else if (c == "\\") out = out "\\\\"
            else if (c == "t") out = out "\t"
            else if (c == "r" || c == "b" || c == "f") out = out
            else if (c == "u") { out = out utf8(substr(text, at + 1, 4)); at += 4 }
            else out = out c
        } else out = out c
        at++
    }
    at++
    return out
}

function utf8(hex,    i, n) {
    for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(hex, i, 1))) - 1
    if (n == 10) return "\\n"
    if (n == 92) return "\\\\"
    if (n < 128) return sprintf("%c", n)
    if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
    return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
}

function value(path,    c, key, i, start) {
    skip(); c = substr(text, at, 1)
    if (c == "{") {
        at++; skip()
        while (at <= size && substr(text, at, 1) != "}") {
            key = string(); skip(); at++
            value(path "/" key); skip()
            if (substr(text, at, 1) == ",") { at++; skip() }
        }
        at++
    } else if (c == "[") {
        at++; skip()
        for (i = 0; at <= size && substr(text, at, 1) != "]"; i++) {
            value(path "/" i); skip()
            if (substr(text, at, 1) == ",") { at++; skip() }
        }
        at++
    } else if (c == "\"") print path "\t" string()
    else {
        start = at
        while (at <= size && substr(text, at, 1) !~ /[],} \t\r\n]/) at++
        if (at == start) at++
        print path "\t" substr(text, start, at - start)
    }
}

{ text = text $0 "\n" }
END { size = length(text); at = 1; value("") }
