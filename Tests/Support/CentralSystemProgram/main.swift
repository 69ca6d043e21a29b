import CentralSystem
import EventLoop
import Glibc

/// Runs until it is told to end.
func serve(_ options: Options) throws {
    let loop = try EventLoop()
    let server = try Server(options: options, loop: loop)
    let control = try Control(server: server, loop: loop, options: options)
    loop.onTermination = { server.stop() }
    defer { control.close() }
    try loop.run()
}

/// - Returns: The exit status: 0 when all went well, 1 when it cannot run, 2 for a wrong command line, else what `Ask` says.
func run() -> Int32 {
    let options: Options
    do {
        options = try Options(Array(CommandLine.arguments.dropFirst()))
    } catch {
        Output.complain(error.description)
        return 2
    }
    do {
        switch options.mode {
        case .help: Output.standard.write(line: Options.usage)
        case .version: Output.standard.write(line: "central-system, OCPP 1.6J")
        case .ask(let socket, let words, let isRaw): return try Ask.run(socket: socket, words: words, isRaw: isRaw)
        case .serve: try serve(options)
        }
        return 0
    } catch {
        Output.complain("\(error)")
        return 1
    }
}

exit(run())
