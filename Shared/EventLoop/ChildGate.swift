internal import CLinux
internal import Glibc

/// What a program waits at that is to be written down before it runs: should this process be killed in between, it never does. Until then a shell has
/// its number.
struct ChildGate: ~Copyable {
    private let ours: Descriptor
    private let its: Descriptor

    /// - Throws: `SystemError`, also where the program cannot be run.
    init(for program: String) throws(SystemError) {
        try systemCall("start \(program)") { access(program, X_OK) }
        var ends: [Int32] = [-1, -1]
        // Not a pipe: a shell that was killed meanwhile costs no signal.
        try systemCall("make the gate of \(program)") {
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        ours = Descriptor(takingOwnershipOf: ends[0])
        its = Descriptor(takingOwnershipOf: ends[1])
    }

    /// Standard input of the shell.
    var input: Int32 { its.raw }

    /// What to start instead. The shell ends by itself where nobody will open the gate any more.
    static func arguments(_ arguments: [String]) -> [String] {
        ["/bin/sh", "-c", "read -r go && exec \"$@\" </dev/null", "sh"] + arguments
    }

    func open() { _ = send(ours.raw, "\n", 1, Int32(MSG_NOSIGNAL)) }
}
