package main_test

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGolden(t *testing.T) {
	for name, args := range map[string][]string{
		"info-plain":        {"info", gioData + "plain.gio"},
		"info-bigendian":    {"info", gioData + "bigendian.gio"},
		"info-map":          {"info", gioData + "parts.gio", "--ranks"},
		"info-blocks":       {"info", gioData + "blocks.gio", "--blocks"},
		"info-blocks-json":  {"info", gioData + "blocks.gio", "--blocks", "--format", "json"},
		"info-codecs":       {"info", gioData + "comp-bitshuffle.gio", "--blocks"},
		"info-codecs-json":  {"info", gioData + "comp-zlib.gio", "--blocks", "--format", "json"},
		"info-map-json":     {"info", gioData + "parts.gio", "--format", "json"},
		"info-npz":          {"info", npzData + "primitives_compressed.npz"},
		"info-npz-json":     {"info", npzData + "shapes.npz", "--format", "json"},
		"info-npy":          {"info", npzData + "v1.npy"},
		"info-dense":        {"info", memmapData + "int16_2d.yaml"},
		"info-sparse":       {"info", memmapData + "sparse_f32"},
		"info-sparse-json":  {"info", memmapData + "sparse_f32", "--format", "json"},
		"cat-dense":         {"cat", memmapData + "int16_2d.array", "--rows", ":5"},
		"stats-sparse":      {"stats", memmapData + "sparse_f32"},
		"cat-map":           {"cat", gioData + "parts.gio", "--rows", "48:52"},
		"cat-aos":           {"cat", gioData + "aos.gio", "--rows", ":3"},
		"cat-aos-csv":       {"cat", gioData + "aos.gio", "--rows", "-3:", "--format", "csv"},
		"cat-bigendian":     {"cat", gioData + "bigendian.gio", "--rank", "1", "--rows", ":3", "--format", "csv"},
		"cat-ragged":        {"cat", npzData + "shapes.npz"},
		"cat-ragged-json":   {"cat", npzData + "shapes.npz", "--format", "json"},
		"cat-primitives":    {"cat", npzData + "primitives.npz"},
		"cat-fields":        {"cat", gioData + "one.gio", "--fields", "id,x", "--rows", "7"},
		"stats-map":         {"stats", gioData + "parts.gio"},
		"stats-rank":        {"stats", gioData + "parts.gio", "--rank", "3", "--fields", "x,id", "--format", "json"},
		"stats-primitives":  {"stats", npzData + "primitives.npz"},
		"stats-unreadable":  {"stats", npzData + "strings.npz", "--format", "json"},
		"verify-good":       {"verify", gioData + "parts.gio", gioData + "plain.gio", npzData + "hacc.npz"},
		"verify-good-json":  {"verify", gioData + "parts.gio", "--format", "json"},
		"help":              {"--help"},
		"help-rm":           {"rm", "--help"},
		"help-convert":      {"convert", "--help"},
		"completion-fields": {"__complete", "cat", gioData + "aos.gio", "--fields", "id,"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := soactl(t, args...)
			require.Zero(t, code, stderr)
			golden(t, name, stdout)
			if len(args) > 1 && args[len(args)-1] == "json" {
				require.True(t, json.Valid([]byte(stdout)))
			}
		})
	}
}

// A rank map says of its rows what the file of all ranks would.
func TestCatMapIsAllRanks(t *testing.T) {
	all := must(t, "cat", gioData+"parts.gio", "--format", "csv")
	head, joined := "", ""
	for _, rank := range []string{"0", "1", "2", "3"} {
		part := must(t, "cat", gioData+"parts.gio", "--rank", rank, "--format", "csv")
		head, part = part[:len("x,y,z,vx,phi,id,mask,cell,key,lvl\n")], part[len("x,y,z,vx,phi,id,mask,cell,key,lvl\n"):]
		joined += part
	}
	require.Equal(t, all, head+joined)
	// rank 3 is the second one in its file
	require.Equal(t, must(t, "cat", gioData+"parts.gio", "--rank", "3"), must(t, "cat", gioData+"parts.gio#1", "--rank", "3"))
}

func TestUsageErrors(t *testing.T) {
	for _, test := range []struct {
		text string
		args []string
	}{
		{"unknown command", []string{"frobnicate"}},
		{"unknown flag", []string{"ls", ".", "--frobnicate"}},
		{"accepts 1 arg", []string{"cat"}},
		{"table, csv, json", []string{"cat", gioData + "one.gio", "--format", "yaml"}},
		{`"x" is no number`, []string{"cat", gioData + "one.gio", "--rows", "x:3"}},
		{"numbered from 0", []string{"cat", gioData + "one.gio", "--rank", "-2"}},
		{"rm what?", []string{"rm", "prefix"}},
		{".gio, .npz, .memmap or .array", []string{"convert", gioData + "one.gio", "out.txt"}},
		{"three fields", []string{"convert", gioData + "one.gio", "out.gio", "--coords", "x,y"}},
	} {
		fails(t, 2, []string{test.text}, test.args...)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		texts []string
		args  []string
	}{
		{[]string{"no such file"}, []string{"info", dir + "/absent.gio"}},
		{[]string{"a folder without contents.json"}, []string{"cat", dir}},
		{[]string{"not a regular file"}, []string{"cat", "/dev/null"}},
		{[]string{"neither a GenericIO file nor"}, []string{"cat", "main.go"}},
		{[]string{"one.gio", `no field "w"`, `"phi"`}, []string{"cat", gioData + "one.gio", "--fields", "w"}},
		{[]string{"asked for twice"}, []string{"cat", gioData + "one.gio", "--fields", "x,x"}},
		{[]string{"plain.gio", "no such rank: 4", "from 0 to 3"}, []string{"cat", gioData + "plain.gio", "--rank", "4"}},
		{[]string{"strings.npz", `"`, "--fields"}, []string{"cat", npzData + "strings.npz"}},
		{[]string{"shapes.npz", `"empty"`, "--fields"}, []string{"cat", npzData + "shapes.npz", "--format", "csv"}},
		{[]string{"bad_flip.npz", `"x"`, "checksum"}, []string{"cat", npzData + "bad_flip.npz"}},
		{[]string{"no store has left anything at " + dir + "/run"}, []string{"ls", dir + "/run"}},
		{[]string{`no key "a" at ` + dir + "/run"}, []string{"rm", dir + "/run", "a"}},
	} {
		fails(t, 1, test.texts, test.args...)
	}
}

// A reader that has seen enough ends the program without a word.
func TestClosedPipe(t *testing.T) {
	cmd := exec.Command("sh", "-c", `"$0" cat "$1" --format csv | head -n 1`, program, manyRows(t))
	stdout, stderr, code := output(t, cmd)
	require.Zero(t, code)
	require.Equal(t, "n\n", stdout)
	require.Empty(t, stderr)
}

func TestVersionAndCompletion(t *testing.T) {
	require.Regexp(t, `^soactl version .+ go1`, must(t, "--version"))
	for _, shell := range []string{"bash", "zsh", "fish"} {
		require.Contains(t, must(t, "completion", shell), "soactl")
	}
}
