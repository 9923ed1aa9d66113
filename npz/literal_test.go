package npz

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/soastore/soa"
)

func TestLiteral(t *testing.T) {
	for text, want := range map[string]header{
		`{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }`:              {descr: "<f4", shape: []int{3}},
		`{"shape":(2,3),"fortran_order":True,"descr":"|b1"}` + "  \n":            {descr: "|b1", fortran: true, shape: []int{2, 3}},
		"{ 'descr' : '<i8' ,\n 'fortran_order' : False , 'shape' : ( ) }":        {descr: "<i8", shape: []int{}},
		`{'descr': '<f8', 'fortran_order': False, 'shape': (10L, 0L,), }`:        {descr: "<f8", shape: []int{10, 0}},
		`{'descr': [('a', '<f4', (3,)), (('t', 'b'), [('c', '|S1')])]`:           {},
		`{'descr': [], 'fortran_order': False, 'shape': (9223372036854775807,)}`: {descr: "[]", shape: []int{1<<63 - 1}},
		`{'descr': ('<f4', {'a': 1}), 'fortran_order': False, 'shape': ()}`:      {},
		`{'descr': [('it\'s', '<f4')], 'fortran_order': False, 'shape': ()}`:     {descr: `[('it\'s', '<f4')]`, shape: []int{}},
	} {
		have, err := parseLiteral(text)
		if want.descr == "" {
			require.ErrorIs(t, err, ErrFormat, text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, have, text)
	}
}

func TestLiteralRefused(t *testing.T) {
	ok := `{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }`
	_, err := parseLiteral(ok)
	require.NoError(t, err)
	for n := range ok {
		_, err := parseLiteral(ok[:n])
		require.ErrorIs(t, err, ErrFormat, ok[:n])
	}
	for _, change := range [][2]string{
		{"(3,)", "(3)"}, {"(3,)", "(,)"}, {"(3,)", "(-1,)"}, {"(3,)", "(+1,)"}, {"(3,)", "(3,,)"}, {"(3,)", "(3 4)"},
		{"(3,)", "[3]"}, {"(3,)", "3"}, {"(3,)", "(03,)"}, {"(3,)", "(3.0,)"}, {"(3,)", "(1_0,)"}, {"(3,)", "(0x3,)"},
		{"(3,)", "(9223372036854775808,)"}, {"(3,)", "(99999999999999999999999999,)"}, {"(3,)", "(3LL,)"}, {"(3,)", "(True,)"},
		{"(3,)", "(" + strings.Repeat("1,", maxDims+1) + ")"},
		{"False", "false"}, {"False", "0"}, {"False", "None"}, {"False", "FalseTrue"}, {"False", "'False'"},
		{"'<f4'", "<f4"}, {"'<f4'", "'<f4\""}, {"'<f4'", "b'<f4'"}, {"'<f4'", "'<f4' '<f4'"}, {"'<f4'", "'a\nb'"}, {"'<f4'", "None"},
		{"'<f4'", "__import__('os')"}, {"'<f4'", "[('a', '<f4'"}, {"'<f4'", "[('a' '<f4')]"}, {"'<f4'", "[1.5]"}, {"'<f4'", "[a]"},
		{"'<f4'", strings.Repeat("[", maxNesting+1) + strings.Repeat("]", maxNesting+1)},
		{"'descr'", "descr"}, {"'descr'", "'Descr'"}, {"'descr'", "'shape'"}, {"'descr':", "'descr'"}, {"{", "({"}, {"{", "dict("},
		{", }", ",, }"}, {", }", ", 'x': 1}"}, {"}", "} x"}, {"}", "}\x00"}, {", 'shape'", " 'shape'"},
	} {
		text := strings.Replace(ok, change[0], change[1], 1)
		require.NotEqual(t, ok, text)
		_, err := parseLiteral(text)
		require.ErrorIs(t, err, ErrFormat, text)
	}
}

// What is written is read by the fast path, which leaves to the other all that is
// not exactly like it.
func TestUsual(t *testing.T) {
	for dtype := soa.Bool; dtype.Valid(); dtype++ {
		for _, shape := range [][]int{{}, {0}, {7}, {1234567890}, {2, 3}, {9, 0, 1<<63 - 1}, make([]int, maxDims)} {
			text := usualDescr + descrOf(dtype) + usualShape + string(appendTuple(nil, shape)) + usualEnd + "  \n"
			h, ok := parseUsual([]byte(text), []int{})
			require.True(t, ok, text)
			want, err := parseAny([]byte(text), 1)
			require.NoError(t, err)
			require.Equal(t, want, h)
			for n := range len(text) - len("  \n") {
				_, ok := parseUsual([]byte(text[:n]), []int{})
				require.False(t, ok, text[:n])
			}
		}
	}
	for _, text := range []string{
		"{'descr': '<U4', 'fortran_order': False, 'shape': (3,), }", "{'descr': '<f4', 'fortran_order': True, 'shape': (3,), }",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (3), }", "{'descr': '<f4', 'fortran_order': False, 'shape': (3, ), }",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (03,), }", "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (3L,), }", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551617,), }",
		"{'descr': '<f4', 'fortran_order': False, 'shape': " + string(appendTuple(nil, make([]int, maxDims+1))) + ", }",
	} {
		_, ok := parseUsual([]byte(text), []int{})
		require.False(t, ok, text)
	}
}

func TestDescr(t *testing.T) {
	for dtype := soa.Bool; dtype.Valid(); dtype++ {
		have, bigEndian := parseDescr(descrOf(dtype))
		require.Equal(t, dtype, have)
		require.Equal(t, dtype.Size() > 1 && soa.NativeBigEndian(), bigEndian)
	}
	for _, descr := range []string{"", "<", "f4", "=f4", "|f4", "<f16", "<f", "<f44", "<c4", "|O", "|S4", "<U1", "<M8[s]", "<m8", "|V8", "<i3", "[('a', '<f4')]"} {
		have, _ := parseDescr(descr)
		require.Equal(t, soa.Invalid, have, descr)
	}
}

func TestTuple(t *testing.T) {
	require.Equal(t, "()", string(appendTuple(nil, nil)))
	require.Equal(t, "(0,)", string(appendTuple(nil, []int{0})))
	require.Equal(t, "(1, 2, 3)", string(appendTuple(nil, []int{1, 2, 3})))
}

func TestHeaderRefused(t *testing.T) {
	text := `{'descr': '<f4', 'fortran_order': False, 'shape': (), }`
	for name, file := range map[string]string{
		"empty":            "",
		"other magic":      "\x93NUMPZ\x01\x00" + text,
		"version 0":        "\x93NUMPY\x00\x00\x37\x00" + text + "1234",
		"version 1.1":      "\x93NUMPY\x01\x01\x37\x00" + text + "1234",
		"version 4":        "\x93NUMPY\x04\x00\x37\x00\x00\x00" + text + "1234",
		"text too long":    "\x93NUMPY\x02\x00\xff\xff\xff\xff" + text + "1234",
		"text not UTF-8":   "\x93NUMPY\x03\x00\x38\x00\x00\x00" + strings.Replace(text, "<", "\xff<", 1) + "1234",
		"elements missing": "\x93NUMPY\x01\x00\x37\x00" + text + "123",
		"elements over":    "\x93NUMPY\x01\x00\x37\x00" + text + "12345",
	} {
		_, err := ReadArray(strings.NewReader(file), int64(len(file)))
		require.ErrorIs(t, err, ErrFormat, name)
	}
	file := "\x93NUMPY\x01\x00\x37\x00" + text + "1234"
	_, err := ReadArray(strings.NewReader(file), int64(len(file)))
	require.NoError(t, err)
}
