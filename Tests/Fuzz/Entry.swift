import Foundation

/// What libFuzzer calls with every input. `FUZZ_TARGET` says which reader gets it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard cost(of: bytes) > allowed(bytes.count) else { return 0 }
    // A machine under load may be slow once; a text that costs too much is so every time.
    let slowest = (0..<4).map { _ in cost(of: bytes) }.min() ?? 0
    precondition(slowest <= allowed(bytes.count), "\(count) bytes cost \(slowest) ns of processor time.")
    return 0
}

private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError("FUZZ_TARGET is one of: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
}()

/// Nanoseconds that an input may cost: what files and first calls take, and so much for every byte. The readers need about a tenth of it
/// in this build; what is not linear passes it at a few kilobytes.
private func allowed(_ count: Int) -> UInt64 { 50_000_000 + UInt64(count) * 20_000 }

/// Processor time of this thread, nanoseconds.
private func cost(of bytes: [UInt8]) -> UInt64 {
    let before = clock_gettime_nsec()
    target.run(bytes)
    return clock_gettime_nsec() - before
}

private func clock_gettime_nsec() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
