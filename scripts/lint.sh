#!/bin/bash
# Formatting, vet, staticcheck, and builds for the platforms that are not tested.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$bad" ]; then
  echo "not formatted (make fmt):" $bad >&2
  exit 1
fi
scripts/setup.sh demo
go vet ./...
go tool -modfile=tools/go.mod staticcheck ./...
(cd bench && go vet ./... && go tool -modfile=../tools/go.mod staticcheck ./... && go mod tidy -diff)
CGO_ENABLED=0 go vet ./...
CGO_ENABLED=0 GOARCH=arm64 go vet ./...
CGO_ENABLED=0 go build -o /dev/null ./cmd/soactl
go mod verify >/dev/null
go mod tidy -diff
echo "lint: clean"
