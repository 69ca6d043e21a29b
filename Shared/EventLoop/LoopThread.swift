internal import CLinux
internal import Glibc

/// A thread beside the loop, which takes no signals.
enum LoopThread {
    /// Starts a thread that does `body` and ends.
    /// - Parameters:
    ///   - reason: What it is for, in a few words.
    ///   - body: What it does.
    /// - Throws: `SystemError` when the process may have no more threads.
    static func start(for reason: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        // The thread holds one reference to what it does and gives it back when it ends.
        let reference = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        // Signals are for the thread of the loop, which takes some while it starts.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let result = pthread_create(&thread, nil, ThreadBody.main, reference.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard result == 0 else {
            reference.release()
            throw SystemError(code: result, operation: operation(for: reason))
        }
        pthread_detach(thread)
    }

    /// What was tried, and what helps where it failed: there is nothing else to learn from the number of the error.
    static func operation(for reason: String) -> String {
        "start a thread (\(reason)); \(ThreadTrial.remedy)"
    }
}

/// What a thread runs, behind the pointer that it is started with.
private final class ThreadBody: Sendable {
    private let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }

    static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { preconditionFailure("The thread is started with what it runs.") }
        Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
}
