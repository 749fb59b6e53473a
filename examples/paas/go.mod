// After copying: go get github.com/caddy-proconnect/caddy-proconnect@latest, then
// go mod tidy; commit go.sum, too.
//
// Scalingo's buildpack takes the newest patch of:
// +scalingo goVersion go1.26
module example.gouv.fr/caddy

go 1.26.0
