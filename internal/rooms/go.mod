module github.com/caddy-proconnect/caddy-proconnect/internal/rooms

go 1.26
