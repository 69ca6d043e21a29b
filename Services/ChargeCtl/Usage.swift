enum Usage {
    static var overview: String {
        """
        usage: chargectl [--runtime-dir DIR] [--timeout SECONDS] COMMAND …

        Talks to the charger whose services run over DIR (default: $RUNTIME_DIRECTORY, else /run/charger), and waits SECONDS
        for an answer (default: 5; wait: 60).

        commands:
        \(commands)
        `chargectl COMMAND --help` tells more.
        exit status: 0 done, 1 not all is well (status), 2 wrong usage, 3 the service is not running, 4 refused or failed,
        5 no answer in time; 78 wrong settings (config check)
        """
    }

    private static var commands: String {
        let told = Command.all.compactMap { command in command.about.map { (command, $0) } }
        return told.map { command, about in
            let words = command.arguments.isEmpty ? command.name : "\(command.name) \(command.arguments)"
            return "  \(padded(words, to: 22)) \(about)\n"
        }.joined()
    }

    static let status = """
        usage: chargectl status [--json]
        Each service, the central system, each connector with one sentence of the gateway and what hardware-io says of it, the
        queue. Exit status 1 when a service does not answer, something has a fault, the central system is not connected, or
        messages for it are dead letters or cannot be stored.
        """

    static let scanMeter = """
        usage: chargectl scan-meter PORT [--last-unit N]
        Asks each address at each usual speed and parity, and says who answers: takes some minutes. Nothing is changed by it. The
        port must be free: stop hardware-io if it drives something there. Exit status 1 when nobody answers.
        --last-unit N     addresses 1 to N, instead of 1 to 10 and 33
        example: chargectl scan-meter /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K5XYZ-if00-port0
        """

    static let tap = """
        usage: chargectl tap [--filter PATTERN]… [--json] [--wide] [--count N] [--repeats]
        Shows every message that passes, after the newest of each state that there is. A line is
          time  source  sign  topic  what it says
        signs: = state, ! event, ? request, > reply, x refusal
        --filter PATTERN  only topics that fit, and those below; * stands for anything: hardware  *.hardware.permit  ocpp.message
        --json            one JSON object a line: at, topic, header, payload (stable)
        --wide            lines of any length; else one of more than 240 characters ends with …
        --count N         end after N messages
        --repeats         also show states that are sent again unchanged
        --timeout N       end after N seconds; with --count, exit status 5 when fewer messages came
        examples:
          chargectl tap --filter 'ocpp.*'
          chargectl tap --json | jq 'select(.header.kind == "request")'
        """

    static let state = """
        usage: chargectl state [TOPIC…] [--json] [--value FIELD]
        The newest value of every state whose topic begins with one of the words.
        --value FIELD  only that field of each payload that has it, for scripts: chargectl state hardware.meter.1 --value energyWh
        """

    static let devices = """
        usage: chargectl hw [--json]
               chargectl hw test relay|lock|meter|reader|pilot|rcd|led [--connector N] [--reader N] [--live] [--json]
        The devices of the charger: whether each answers (starting, ok, degraded, lost), its driver, and what that counts. Exit status 1
        when one is degraded or lost.
        test moves one part and says what it did, for who puts a charger into operation; exit status 1 when it did not do what it should. It
        is refused under a permit, while an EV is connected, and while another test runs; it takes 4 s at most, and hardware-io ends it.
          relay   the contactor closes for half a second: the contacts of the cable are live meanwhile, so that it takes --live
          lock    locks, and lets go
          meter   what it says
          reader  whether it answers; then waits for a card, and prints what that is called
          pilot   the signal of 16 A is put on the line for a second, and measured
          rcd     the residual current device trips and recovers
          led     all that the lights can show, half a second each
        """

    static let wait = """
        usage: chargectl wait TOPIC FIELD=VALUE… [--timeout SECONDS]
        Waits until the state fits every condition (=, !=, >=, <=); prints it. Default: 60 s, then exit status 5, or 3 when no
        service runs. Says at once when the state is there and has no such field.
        example: chargectl wait ocpp.connector.1 status=Charging
        """

    static let config = """
        usage: chargectl config get [KEY…] [--json] [--config FILE]
               chargectl config set KEY VALUE [--reason TEXT]      VALUE - reads it from standard input; secrets only so
               chargectl config unset KEY                          back to the default
               chargectl config explain [KEY…]
               chargectl config history [KEY] [--limit N] [--json]
               chargectl config check FILE                        all that is wrong in a charger.json, a line each; then 78
               chargectl config schema                            the JSON Schema of charger.json, for editors
        KEY may also be a path in charger.json, as centralSystem.url. `get` says where a value that is not stored comes from; FILE is the
        charger.json that it looks into (default: $CHARGER_CONFIG or /etc/charger/charger.json).
        `check` warns of what is right and still may not work, and ends with 0 then.
        Shows what is stored, or the default. Another value may be in force until a service has heard of it or is restarted, and
        for HeartbeatInterval that of BootNotification.conf (chargectl state ocpp.link).
        """

    static let transactions = """
        usage: chargectl tx list [--json]
               chargectl tx show TRANSACTION [--json]       by its uuid, or by the id of the central system
               chargectl tx resend NUMBER | --all           dead letters once more
        What the gateway has on disk: all that waits, dead letters, and what was delivered lately. A message is a line: number, state,
        action, time, connector, register, idTag, reason, id of the central system, uuid.
        """

    static let card = """
        usage: chargectl card show [--reader N] [--json]
        Waits for a card at reader N (1), for 30 seconds or --timeout, and prints the idTag that it has now, and the one
        that it would have under each of the settings "format", "byteOrder", "letterCase" and "decimalDigits" of that reader.
        """

    static let net = """
        usage: chargectl net status [--json]
               chargectl net history [--limit N] [--json]
               chargectl net test [UPLINK] [--json]
        status   each uplink, with its signal and how far one gets; exit status 1 when none is up
        history  what happened to them, a sentence each, the newest last (default: 100); --json: one object a line
        test     walks the way to the central system (SIM, registration, address, name, port, TLS, WebSocket) and says how long each
                 step took; without UPLINK over the one in use; exit status 1 when a step fails
        """

    static let queue = """
        usage: chargectl queue [--dead] [--json]
        Dead letters, and the messages that wait for the central system, in their order.
        --dead  only dead letters; `chargectl tx resend` puts them back
        """

    static let call = """
        usage: chargectl call TYPE [JSON] [--json] [--service NAME]
        Sends a request and prints its reply. Without a type: lists the requests there are.
        --service NAME  who is asked, for what every service serves: chargectl call service.traffic --service hardware-io
        examples:
          chargectl call hardware.clearFault '{"connectorId":1,"code":"GroundFailure"}'   a latched fault, after its repair
          chargectl call ocpp.sendDataTransfer '{"vendorId":"com.example","data":"hello"}'
        """

    static let report = """
        usage: chargectl report [--output FILE] [--config FILE]
        Writes a new tar archive, readable for this user alone, and prints its name: README.txt, status, states, settings and their history,
        charger.json and what is wrong in it, waiting messages and dead letters, the last bus traffic of each service, journals. What
        cannot be had is named; secrets are replaced by ***. Identifiers of cards are in it.
        --output FILE  default: charger-report-TIME.tar here
        --config FILE  default: $CHARGER_CONFIG or /etc/charger/charger.json
        """

    static let completion = """
        usage: chargectl completion bash|zsh|fish
        Prints what makes a shell complete the words of chargectl:
          bash: chargectl completion bash > /usr/share/bash-completion/completions/chargectl
          zsh:  chargectl completion zsh > /usr/share/zsh/vendor-completions/_chargectl
          fish: chargectl completion fish > /usr/share/fish/vendor_completions.d/chargectl.fish
        """

    static let manual = """
        usage: chargectl manual-page [chargectl|charger.json]
        Prints a page for man, for whoever packs it; without a name, what pages there are. Each daemon prints its own.
        """

    static let sim = """
        usage: chargectl sim ACTION … [--connector N (1)] [--reader N (1)]
          plug [--ready off] [--current A] [--battery WH]   connect the car
          unplug                                            pull the cable at the car
          swipe UID                                         present a card; the same one within 3 s counts as held, not as new
          ev [--ready on|off] [--current A] [--battery WH]  change the car
          load A                                            a current that flows whatever the limit says
          fault CODE | clear CODE                           break and repair a device: PowerSwitchFailure, PowerMeterFailure,
                                                            ConnectorLockFailure, GroundFailure, EmergencyStop, ReaderFailure …
          part PART break|mend                              diode, pwm, ventilation, pilotSensor, mirrorSilent, mirrorOpen,
                                                            lockContact, proximity, meterFrozen, meterSlow, registerAtStart,
                                                            residualCurrentTest, heat, phaseContactor, phaseContactorLost,
                                                            outputVoltage, outputVoltageLive, outputVoltageLost
          lock jam|free                                     the cable lock
          meter silence|revive|set WH                       the meter
          link cut|mend [NAME]                              the simulated uplink
          signal PERCENT [NAME]                             what its modem measures; below 15 it is weak, until 25
          power-cut                                         SIGKILL to every service of this charger; the next start is a boot
        A fault that is latched stays after its part is mended, until clear CODE or the request hardware.clearFault.
        Only where the configuration allows simulation.
        """
}
