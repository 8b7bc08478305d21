// Generated from proto/keymoot/v1 by scripts/generate-proto.mjs. Do not edit.
import * as $protobuf from "protobufjs";

/** Namespace keymoot. */
export namespace keymoot {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a Frame.
         * @deprecated Use keymoot.v1.Frame.$Properties instead.
         */
        interface IFrame extends keymoot.v1.Frame.$Properties {
        }

        /** Represents a Frame. */
        class Frame {

            /**
             * Constructs a new Frame.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Frame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Frame hello. */
            hello?: (keymoot.v1.Hello.$Properties|null);

            /** Frame ack. */
            ack?: (keymoot.v1.Ack.$Properties|null);

            /** Frame beat. */
            beat?: (keymoot.v1.Beat.$Properties|null);

            /** Frame statement. */
            statement?: (keymoot.v1.Statement.$Properties|null);

            /** Frame document. */
            document?: (keymoot.v1.Document.$Properties|null);

            /** Frame round. */
            round?: (keymoot.v1.Round.$Properties|null);

            /** Frame transcript. */
            transcript?: (keymoot.v1.Transcript.$Properties|null);

            /** Frame want. */
            want?: (keymoot.v1.Want.$Properties|null);

            /** Frame progress. */
            progress?: (keymoot.v1.Progress.$Properties|null);

            /** Frame body. */
            body?: ("hello"|"ack"|"beat"|"statement"|"document"|"round"|"transcript"|"want"|"progress");

            /**
             * Encodes the specified Frame message. Does not implicitly {@link keymoot.v1.Frame.verify|verify} messages.
             * @param message Frame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Frame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Frame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Frame & keymoot.v1.Frame.$Shape} Frame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Frame & keymoot.v1.Frame.$Shape;
        }

        namespace Frame {

            /** Properties of a Frame. */
            interface $Properties {

                /** Frame hello */
                hello?: (keymoot.v1.Hello.$Properties|null);

                /** Frame ack */
                ack?: (keymoot.v1.Ack.$Properties|null);

                /** Frame beat */
                beat?: (keymoot.v1.Beat.$Properties|null);

                /** Frame statement */
                statement?: (keymoot.v1.Statement.$Properties|null);

                /** Frame document */
                document?: (keymoot.v1.Document.$Properties|null);

                /** Frame round */
                round?: (keymoot.v1.Round.$Properties|null);

                /** Frame transcript */
                transcript?: (keymoot.v1.Transcript.$Properties|null);

                /** Frame want */
                want?: (keymoot.v1.Want.$Properties|null);

                /** Frame progress */
                progress?: (keymoot.v1.Progress.$Properties|null);

                /** Frame body */
                body?: ("hello"|"ack"|"beat"|"statement"|"document"|"round"|"transcript"|"want"|"progress");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Frame. */
            type $Shape = {
              hello?: keymoot.v1.Hello.$Shape|null;
              ack?: keymoot.v1.Ack.$Shape|null;
              beat?: keymoot.v1.Beat.$Shape|null;
              statement?: keymoot.v1.Statement.$Shape|null;
              document?: keymoot.v1.Document.$Shape|null;
              round?: keymoot.v1.Round.$Shape|null;
              transcript?: keymoot.v1.Transcript.$Shape|null;
              want?: keymoot.v1.Want.$Shape|null;
              progress?: keymoot.v1.Progress.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; hello?: null; ack?: null; beat?: null; statement?: null; document?: null; round?: null; transcript?: null; want?: null; progress?: null }|{ body?: "hello"; hello: keymoot.v1.Hello.$Shape; ack?: null; beat?: null; statement?: null; document?: null; round?: null; transcript?: null; want?: null; progress?: null }|{ body?: "ack"; hello?: null; ack: keymoot.v1.Ack.$Shape; beat?: null; statement?: null; document?: null; round?: null; transcript?: null; want?: null; progress?: null }|{ body?: "beat"; hello?: null; ack?: null; beat: keymoot.v1.Beat.$Shape; statement?: null; document?: null; round?: null; transcript?: null; want?: null; progress?: null }|{ body?: "statement"; hello?: null; ack?: null; beat?: null; statement: keymoot.v1.Statement.$Shape; document?: null; round?: null; transcript?: null; want?: null; progress?: null }|{ body?: "document"; hello?: null; ack?: null; beat?: null; statement?: null; document: keymoot.v1.Document.$Shape; round?: null; transcript?: null; want?: null; progress?: null }|{ body?: "round"; hello?: null; ack?: null; beat?: null; statement?: null; document?: null; round: keymoot.v1.Round.$Shape; transcript?: null; want?: null; progress?: null }|{ body?: "transcript"; hello?: null; ack?: null; beat?: null; statement?: null; document?: null; round?: null; transcript: keymoot.v1.Transcript.$Shape; want?: null; progress?: null }|{ body?: "want"; hello?: null; ack?: null; beat?: null; statement?: null; document?: null; round?: null; transcript?: null; want: keymoot.v1.Want.$Shape; progress?: null }|{ body?: "progress"; hello?: null; ack?: null; beat?: null; statement?: null; document?: null; round?: null; transcript?: null; want?: null; progress: keymoot.v1.Progress.$Shape })
            );
        }

        /**
         * Properties of a Hello.
         * @deprecated Use keymoot.v1.Hello.$Properties instead.
         */
        interface IHello extends keymoot.v1.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello version. */
            version: number;

            /** Hello network. */
            network: Uint8Array;

            /** Hello software. */
            software: string;

            /** Hello nonce. */
            nonce: Uint8Array;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link keymoot.v1.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Hello & keymoot.v1.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Hello & keymoot.v1.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello version */
                version?: (number|null);

                /** Hello network */
                network?: (Uint8Array|null);

                /** Hello software */
                software?: (string|null);

                /** Hello nonce */
                nonce?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = keymoot.v1.Hello.$Properties;
        }

        /**
         * Properties of an Ack.
         * @deprecated Use keymoot.v1.Ack.$Properties instead.
         */
        interface IAck extends keymoot.v1.Ack.$Properties {
        }

        /** Represents an Ack. */
        class Ack {

            /**
             * Constructs a new Ack.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Ack.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Ack nonce. */
            nonce: Uint8Array;

            /**
             * Encodes the specified Ack message. Does not implicitly {@link keymoot.v1.Ack.verify|verify} messages.
             * @param message Ack message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Ack message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Ack & keymoot.v1.Ack.$Shape} Ack
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Ack & keymoot.v1.Ack.$Shape;
        }

        namespace Ack {

            /** Properties of an Ack. */
            interface $Properties {

                /** Ack nonce */
                nonce?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Ack. */
            type $Shape = keymoot.v1.Ack.$Properties;
        }

        /**
         * Properties of a Beat.
         * @deprecated Use keymoot.v1.Beat.$Properties instead.
         */
        interface IBeat extends keymoot.v1.Beat.$Properties {
        }

        /** Represents a Beat. */
        class Beat {

            /**
             * Constructs a new Beat.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Beat.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Beat message. Does not implicitly {@link keymoot.v1.Beat.verify|verify} messages.
             * @param message Beat message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Beat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Beat message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Beat & keymoot.v1.Beat.$Shape} Beat
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Beat & keymoot.v1.Beat.$Shape;
        }

        namespace Beat {

            /** Properties of a Beat. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Beat. */
            type $Shape = keymoot.v1.Beat.$Properties;
        }

        /**
         * Properties of a Statement.
         * @deprecated Use keymoot.v1.Statement.$Properties instead.
         */
        interface IStatement extends keymoot.v1.Statement.$Properties {
        }

        /** Represents a Statement. */
        class Statement {

            /**
             * Constructs a new Statement.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Statement.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Statement envelope. */
            envelope: Uint8Array;

            /**
             * Encodes the specified Statement message. Does not implicitly {@link keymoot.v1.Statement.verify|verify} messages.
             * @param message Statement message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Statement.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Statement message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Statement & keymoot.v1.Statement.$Shape} Statement
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Statement & keymoot.v1.Statement.$Shape;
        }

        namespace Statement {

            /** Properties of a Statement. */
            interface $Properties {

                /** Statement envelope */
                envelope?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Statement. */
            type $Shape = keymoot.v1.Statement.$Properties;
        }

        /**
         * Properties of a Document.
         * @deprecated Use keymoot.v1.Document.$Properties instead.
         */
        interface IDocument extends keymoot.v1.Document.$Properties {
        }

        /** Represents a Document. */
        class Document {

            /**
             * Constructs a new Document.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Document.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Document content. */
            content: Uint8Array;

            /**
             * Encodes the specified Document message. Does not implicitly {@link keymoot.v1.Document.verify|verify} messages.
             * @param message Document message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Document.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Document message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Document & keymoot.v1.Document.$Shape} Document
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Document & keymoot.v1.Document.$Shape;
        }

        namespace Document {

            /** Properties of a Document. */
            interface $Properties {

                /** Document content */
                content?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Document. */
            type $Shape = keymoot.v1.Document.$Properties;
        }

        /**
         * Properties of a Round.
         * @deprecated Use keymoot.v1.Round.$Properties instead.
         */
        interface IRound extends keymoot.v1.Round.$Properties {
        }

        /** Represents a Round. */
        class Round {

            /**
             * Constructs a new Round.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Round.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Round envelope. */
            envelope: Uint8Array;

            /**
             * Encodes the specified Round message. Does not implicitly {@link keymoot.v1.Round.verify|verify} messages.
             * @param message Round message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Round.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Round message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Round & keymoot.v1.Round.$Shape} Round
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Round & keymoot.v1.Round.$Shape;
        }

        namespace Round {

            /** Properties of a Round. */
            interface $Properties {

                /** Round envelope */
                envelope?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Round. */
            type $Shape = keymoot.v1.Round.$Properties;
        }

        /**
         * Properties of a Transcript.
         * @deprecated Use keymoot.v1.Transcript.$Properties instead.
         */
        interface ITranscript extends keymoot.v1.Transcript.$Properties {
        }

        /** Represents a Transcript. */
        class Transcript {

            /**
             * Constructs a new Transcript.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Transcript.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Transcript ceremony. */
            ceremony: Uint8Array;

            /** Transcript entries. */
            entries: Uint8Array;

            /**
             * Encodes the specified Transcript message. Does not implicitly {@link keymoot.v1.Transcript.verify|verify} messages.
             * @param message Transcript message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Transcript.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Transcript message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Transcript & keymoot.v1.Transcript.$Shape} Transcript
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Transcript & keymoot.v1.Transcript.$Shape;
        }

        namespace Transcript {

            /** Properties of a Transcript. */
            interface $Properties {

                /** Transcript ceremony */
                ceremony?: (Uint8Array|null);

                /** Transcript entries */
                entries?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Transcript. */
            type $Shape = keymoot.v1.Transcript.$Properties;
        }

        /**
         * Properties of a Want.
         * @deprecated Use keymoot.v1.Want.$Properties instead.
         */
        interface IWant extends keymoot.v1.Want.$Properties {
        }

        /** Represents a Want. */
        class Want {

            /**
             * Constructs a new Want.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Want.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Want digests. */
            digests: Uint8Array[];

            /**
             * Encodes the specified Want message. Does not implicitly {@link keymoot.v1.Want.verify|verify} messages.
             * @param message Want message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Want.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Want message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Want & keymoot.v1.Want.$Shape} Want
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Want & keymoot.v1.Want.$Shape;
        }

        namespace Want {

            /** Properties of a Want. */
            interface $Properties {

                /** Want digests */
                digests?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Want. */
            type $Shape = keymoot.v1.Want.$Properties;
        }

        /**
         * Properties of a Progress.
         * @deprecated Use keymoot.v1.Progress.$Properties instead.
         */
        interface IProgress extends keymoot.v1.Progress.$Properties {
        }

        /** Represents a Progress. */
        class Progress {

            /**
             * Constructs a new Progress.
             * @param [properties] Properties to set
             */
            constructor(properties?: keymoot.v1.Progress.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Progress ceremony. */
            ceremony: Uint8Array;

            /** Progress party. */
            party: number;

            /** Progress stage. */
            stage: string;

            /** Progress step. */
            step: number;

            /** Progress steps. */
            steps: number;

            /**
             * Encodes the specified Progress message. Does not implicitly {@link keymoot.v1.Progress.verify|verify} messages.
             * @param message Progress message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: keymoot.v1.Progress.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Progress message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {keymoot.v1.Progress & keymoot.v1.Progress.$Shape} Progress
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): keymoot.v1.Progress & keymoot.v1.Progress.$Shape;
        }

        namespace Progress {

            /** Properties of a Progress. */
            interface $Properties {

                /** Progress ceremony */
                ceremony?: (Uint8Array|null);

                /** Progress party */
                party?: (number|null);

                /** Progress stage */
                stage?: (string|null);

                /** Progress step */
                step?: (number|null);

                /** Progress steps */
                steps?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Progress. */
            type $Shape = keymoot.v1.Progress.$Properties;
        }
    }
}
