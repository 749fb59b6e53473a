// After copying: go mod tidy, which adds what main.go imports; commit go.sum, too.
//
// Scalingo's buildpack takes the newest patch of:
// +scalingo goVersion go1.26
module example.gouv.fr/caddy

go 1.26.0
