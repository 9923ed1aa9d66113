package fold

// level is which kernels the processor can run. A level has those below it too.
type level int

// portable is the level without kernels, on every processor.
const portable level = 0

// have is the level of this processor.
var have = detect()

// EachLevel is for tests: it calls test for each set of kernels that this processor
// has, with that in use. Nobody else may use the package meanwhile.
func EachLevel(test func(level string)) {
	top := have
	defer func() { have = top }()
	for have = portable; have <= top; have++ {
		test(have.String())
	}
}
